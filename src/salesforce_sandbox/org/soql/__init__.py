"""SOQL: a query's text becomes SQLite SQL and the shape that turns its rows into what the API answers.

Law of the folder: text → `parse` → `syntax` values → `compile_query` → SQL with bound parameters; values of a query are
never spliced into SQL. Nothing here runs a statement or knows HTTP. What the caller may not read does not exist (S1.5.3).
"""

from salesforce_sandbox.org.soql.compiled import CompiledQuery
from salesforce_sandbox.org.soql.compiler import compile_query as compile  # noqa: A004 - the word of the trade

__all__ = ["CompiledQuery", "compile"]

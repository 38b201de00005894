"""Pages for people, and the REST API beside them, grouped by noun; no rule of the field lives here.

A page asks `runtime` and the doors of `bootstrap.Application` to act, and reads lists from the store. What is slow, such as a
look at an org, is an errand that a page follows. Whoever may not do something is refused by the server, not by a hidden button.
Scripts and styles come from this package and from django-unfold's wheel, none of them inline.
"""

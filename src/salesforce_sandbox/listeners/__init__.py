"""How clients that insist on https://login.salesforce.com reach the sandbox unchanged: certificates, and a proxy for tunnels.

Law of this folder: it moves bytes and knows nothing of the org.
"""

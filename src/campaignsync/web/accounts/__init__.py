"""Logging in: passwords, one-time codes and single sign-on through django-allauth, and the page of the very first start."""

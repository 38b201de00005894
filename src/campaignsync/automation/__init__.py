"""Who qualifies and what flows: definitions in, values and effects out.

Pure, as the planner is: no database, no network, no clock. It imports `domain` alone; what it decides, the store and the runner
carry out. Every trigger, filter and action is declared once, in `catalogue`, from where definitions are checked and the page
docs/smart_campaign_words.md is made.
"""

#!/usr/bin/env python3
# reeve:
#   description: Puts the figures of a week together
#   inputs:
#     week: date (required)
#   output:
#     text: string (required)
#     visits: integer (required)
#   effect: read
#   approval: never
#   network: true
#   env: [SEARCH_URL, PAYMENTS_URL]
import json
import os
import sys
import urllib.request


def ask(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)
    except OSError as error:
        print(f"{url}: {error}", file=sys.stderr)
        sys.exit(75)


def number(value):
    return int(value)


week = json.load(sys.stdin)["week"]
search = ask(os.environ["SEARCH_URL"] + "/v1/queries")
money = ask(os.environ["PAYMENTS_URL"] + "/v1/summary")
clicks = sum(number(each["clicks"]) for each in search["queries"])
seen = sum(number(each["impressions"]) for each in search["queries"])
visits = number(search["visits"])
text = (
    f"Week of {week}: {visits} visits, {clicks} of them by search, where {seen} saw us. "
    f"{money['open']} invoices are open, {money['toRemind']} of them late, {money['unmatched']} payments unclear."
)
print(json.dumps({"text": text, "visits": visits}))

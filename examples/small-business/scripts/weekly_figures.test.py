"""Runs the script with an outside of its own. It opens no port: it goes the same where there is no network."""

import contextlib
import io
import json
import os
import runpy
import sys
import unittest
import urllib.request
from pathlib import Path

SCRIPT = str(Path(__file__).with_name("weekly_figures.py"))


def run(search, money):
    answers = {"http://outside/v1/queries": search, "http://outside/v1/summary": money}
    os.environ.update(SEARCH_URL="http://outside", PAYMENTS_URL="http://outside")
    urllib.request.urlopen = lambda url, timeout: io.StringIO(json.dumps(answers[url]))
    sys.stdin = io.StringIO('{"week": "2026-03-02"}')
    with contextlib.redirect_stdout(io.StringIO()) as out:
        runpy.run_path(SCRIPT)
    return json.loads(out.getvalue())


class Figures(unittest.TestCase):
    def test_sums_up_what_was_looked_for(self):
        queries = [{"clicks": 2, "impressions": 30}, {"clicks": 3, "impressions": 40}]
        result = run({"queries": queries, "visits": 9}, {"open": 4, "toRemind": 1, "unmatched": 0})
        self.assertEqual(result["visits"], 9)
        self.assertIn("5 of them by search, where 70 saw us", result["text"])
        self.assertIn("4 invoices are open, 1 of them late, 0 payments unclear", result["text"])


unittest.main()

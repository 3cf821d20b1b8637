# SPDX-License-Identifier: Apache-2.0
"""A counter of words: POST a text, GET a page."""
import collections
import os
import signal
import sqlite3
import sys

from flask import Flask, jsonify, request

app = Flask(__name__)


@app.get("/")
def index():
    return "Post a text to /words.\n"


@app.post("/words")
def words():
    return jsonify(collections.Counter(request.get_data(as_text=True).split()))


@app.get("/about")
def about():
    return jsonify(user=os.getuid(), sqlite=sqlite3.sqlite_version)


if __name__ == "__main__":
    # The first process of a container has no default action for signals.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    app.run(host="0.0.0.0", port=int(os.environ.get("PORT", "5000")))

package main

this file does not compile, and is ignored

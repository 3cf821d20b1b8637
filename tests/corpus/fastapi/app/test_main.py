from main import greet


def run():
    assert greet("x") == "hello x"

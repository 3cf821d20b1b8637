def sign(text):
    return text[::-1]

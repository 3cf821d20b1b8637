#pragma once
unsigned hash(const char *text);

#pragma once
int lines_of(const char *path);
const char *engine(void);

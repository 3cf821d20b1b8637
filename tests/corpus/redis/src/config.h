#pragma once
#define PROTECTED 1

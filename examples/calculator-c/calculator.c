/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluates an arithmetic expression given as arguments, or one a line at a prompt. The same grammar, messages and exit
 * statuses as ../calculator/calculator.go. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_SIZE = 4096, DEPTH_MAX = 200 };

typedef struct Parser {
        const char *text;
        size_t at;
        int depth;
        char error[80]; /* empty: all is well */
} Parser;

static double sum(Parser *p);

static char peek(Parser *p) {
        p->at += strspn(p->text + p->at, " \t");
        return p->text[p->at];
}

static double fail(Parser *p, const char *what) {
        if (!p->error[0]) snprintf(p->error, sizeof p->error, "%s at column %zu", what, p->at + 1);
        return 0;
}

static double number(Parser *p) {
        size_t n = strspn(p->text + p->at, "0123456789.");
        char *end;
        double value = strtod(p->text + p->at, &end);
        if (n == 0 || end != p->text + p->at + n) return fail(p, "expected a number");
        p->at += n;
        return value;
}

static double parenthesis(Parser *p) {
        p->at++;
        double value = sum(p);
        if (!p->error[0] && peek(p) != ')') return fail(p, "expected ')'");
        p->at++;
        return value;
}

static double factor(Parser *p) {
        double value = 0;
        if (++p->depth > DEPTH_MAX) {
                if (!p->error[0]) snprintf(p->error, sizeof p->error, "more than %d levels deep", DEPTH_MAX);
        } else if (peek(p) == '-') {
                p->at++;
                value = -factor(p);
        } else {
                value = peek(p) == '(' ? parenthesis(p) : number(p);
        }
        p->depth--;
        return value;
}

static double product(Parser *p) {
        double value = factor(p);
        while (!p->error[0] && peek(p) && strchr("*x/", peek(p))) {
                char operator = p->text[p->at++];
                double right = factor(p);
                if (!p->error[0] && operator == '/' && right == 0) snprintf(p->error, sizeof p->error, "division by zero");
                value = operator == '/' ? value / right : value * right;
        }
        return value;
}

static double sum(Parser *p) {
        double value = product(p);
        while (!p->error[0] && (peek(p) == '+' || peek(p) == '-')) {
                char operator = p->text[p->at++];
                double right = product(p);
                value = operator == '+' ? value + right : value - right;
        }
        return value;
}

static bool answer(const char *text) {
        Parser p = {.text = text};
        double value = sum(&p);
        if (!p.error[0] && peek(&p)) fail(&p, "expected an operator");
        if (!p.error[0] && !isfinite(value)) snprintf(p.error, sizeof p.error, "the result is too large");
        if (p.error[0]) {
                fprintf(stderr, "calculator: %s: %s\n", text, p.error);
                return false;
        }
        printf("%.12g\n", value);
        return true;
}

static bool answer_arguments(int argc, char **argv) {
        char line[LINE_MAX_SIZE] = "";
        for (int i = 1; i < argc; i++) {
                size_t used = strlen(line);
                int n = snprintf(line + used, sizeof line - used, "%s%s", i > 1 ? " " : "", argv[i]);
                if (n < 0 || (size_t)n >= sizeof line - used) {
                        fputs("calculator: the expression is too long\n", stderr);
                        return false;
                }
        }
        return answer(line);
}

static bool answer_prompt(void) {
        char line[LINE_MAX_SIZE];
        bool good = true;
        for (;;) {
                fputs("> ", stdout);
                fflush(stdout);
                if (!fgets(line, sizeof line, stdin)) break;
                line[strcspn(line, "\r\n")] = '\0';
                if (line[strspn(line, " \t")] == '\0') break;
                good = answer(line) && good;
        }
        putchar('\n');
        return good;
}

int main(int argc, char **argv) {
        bool good = argc > 1 ? answer_arguments(argc, argv) : answer_prompt();
        return good ? 0 : 2;
}

// SPDX-License-Identifier: Apache-2.0

// Calculator evaluates an arithmetic expression given as arguments, or one a line at a prompt.
//
//	calculator '2 + 3 * (4 - 1)'
//	calculator            (a prompt; an empty line or end of input leaves)
package main

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
)

const maxDepth = 200

// parser reads one expression: sum = product {(+|-) product}, product = factor {(*|x|/) factor},
// factor = [-] (number | "(" sum ")").
type parser struct {
	text  string
	at    int
	depth int
}

func (p *parser) peek() byte {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t') {
		p.at++
	}
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

func (p *parser) sum() (float64, error) {
	value, err := p.product()
	for err == nil && (p.peek() == '+' || p.peek() == '-') {
		operator := p.text[p.at]
		p.at++
		var right float64
		right, err = p.product()
		if operator == '+' {
			value += right
		} else {
			value -= right
		}
	}
	return value, err
}

func (p *parser) product() (float64, error) {
	value, err := p.factor()
	for err == nil && strings.IndexByte("*x/", p.peek()) >= 0 && p.peek() != 0 {
		operator := p.text[p.at]
		p.at++
		var right float64
		right, err = p.factor()
		if err == nil && operator == '/' && right == 0 {
			return 0, fmt.Errorf("division by zero")
		}
		if operator == '/' {
			value /= right
		} else {
			value *= right
		}
	}
	return value, err
}

func (p *parser) factor() (float64, error) {
	if p.depth++; p.depth > maxDepth {
		return 0, fmt.Errorf("more than %d levels deep", maxDepth)
	}
	defer func() { p.depth-- }()
	switch c := p.peek(); {
	case c == '-':
		p.at++
		value, err := p.factor()
		return -value, err
	case c == '(':
		p.at++
		value, err := p.sum()
		if err == nil && p.peek() != ')' {
			err = fmt.Errorf("expected ')' at column %d", p.at+1)
		}
		p.at++
		return value, err
	}
	return p.number()
}

func (p *parser) number() (float64, error) {
	start := p.at
	for p.at < len(p.text) && strings.IndexByte("0123456789.", p.text[p.at]) >= 0 {
		p.at++
	}
	value, err := strconv.ParseFloat(p.text[start:p.at], 64)
	if err != nil {
		return 0, fmt.Errorf("expected a number at column %d", start+1)
	}
	return value, nil
}

func evaluate(text string) (float64, error) {
	p := &parser{text: text}
	value, err := p.sum()
	if err == nil && p.peek() != 0 {
		err = fmt.Errorf("expected an operator at column %d", p.at+1)
	}
	if err == nil && (math.IsInf(value, 0) || math.IsNaN(value)) {
		err = fmt.Errorf("the result is too large")
	}
	return value, err
}

func answer(text string) bool {
	value, err := evaluate(text)
	if err != nil {
		fmt.Fprintf(os.Stderr, "calculator: %s: %v\n", text, err)
		return false
	}
	fmt.Println(strconv.FormatFloat(value, 'g', 12, 64))
	return true
}

func main() {
	if len(os.Args) > 1 {
		if !answer(strings.Join(os.Args[1:], " ")) {
			os.Exit(2)
		}
		return
	}
	good := true
	input := bufio.NewScanner(os.Stdin)
	for fmt.Print("> "); input.Scan() && strings.TrimSpace(input.Text()) != ""; fmt.Print("> ") {
		good = answer(input.Text()) && good
	}
	fmt.Println()
	if !good {
		os.Exit(2)
	}
}

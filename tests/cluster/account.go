package main

import (
	"fmt"
	"sync"
)

// What was found so far. Checks may be made by several goroutines.
var counts struct {
	sync.Mutex
	passed, failed, skipped int
}

// report counts one check and says so where it failed.
func report(title string, ok bool, seen string) bool {
	counts.Lock()
	defer counts.Unlock()
	if ok {
		counts.passed++
	} else {
		counts.failed++
		fmt.Printf("FAILED: %s: %s\n", title, clip(seen))
	}
	return ok
}

// equal counts one check of a value.
func equal(title string, got, want any) bool {
	g, w := fmt.Sprint(got), fmt.Sprint(want)
	return report(title, g == w, g+", not "+w)
}

func skip(title, why string) {
	counts.Lock()
	defer counts.Unlock()
	counts.skipped++
	fmt.Printf("skipped: %s: %s\n", title, why)
}

// account ends the output as tests/run wants it, and answers the exit status.
func account() int {
	counts.Lock()
	defer counts.Unlock()
	fmt.Printf("%d passed, %d failed, %d skipped\n", counts.passed, counts.failed, counts.skipped)
	if counts.failed > 0 || counts.passed == 0 {
		return 1
	}
	return 0
}

func clip(text string) string {
	if len(text) > 1500 {
		return text[:1500] + " ..."
	}
	return text
}

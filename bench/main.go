// Command bench measures the built program from outside, with its whole HTTP stack, and prints each figure beside what it should be: how
// many round trips to AWS each verb takes, what a token costs, memory, start-up and size. It asserts nothing: a busy machine would fail it.
// It builds the program, starts it on free ports with configurations of its own, and imports nothing of the project.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	directory, err := os.MkdirTemp("", "ecs-api-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(directory)
	binary, err := build(ctx, directory)
	if err != nil {
		return err
	}
	fmt.Printf("%s, %s/%s, %d CPUs, which the load's clients share\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	for _, part := range []func(context.Context, string, string) error{verbs, load, startUp} {
		if err := part(ctx, binary, directory); err != nil {
			return err
		}
	}
	info, err := os.Stat(binary)
	if err != nil {
		return err
	}
	line("size of the stripped binary", fmt.Sprintf("%.1f MiB", float64(info.Size())/(1<<20)), "")
	return nil
}

func heading(columns ...string) {
	fmt.Println()
	line(columns...)
}

// line prints a row: what, figure, target.
func line(columns ...string) {
	for i, column := range columns {
		if i == 0 {
			fmt.Printf("%-58s", column)
			continue
		}
		fmt.Printf("%16s", column)
	}
	fmt.Println()
}

// startUp measures the time from the start of the process to its first answer.
func startUp(ctx context.Context, binary, directory string) error {
	const starts = 9
	var took []time.Duration
	for range starts {
		began := time.Now()
		p, err := start(ctx, binary, directory, plain())
		if err != nil {
			return err
		}
		took = append(took, time.Since(began))
		if err := p.stop(); err != nil {
			return err
		}
	}
	heading("the process", "", "target")
	line("start to first ping", fmt.Sprintf("%.0f ms", milliseconds(median(took))), "")
	return nil
}

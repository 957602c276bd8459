package main

import (
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// The tool that is measured has the first CPU that this process may use, the
// server the last one.
func toolCPU() int   { return allowed()[0] }
func serverCPU() int { cpus := allowed(); return cpus[len(cpus)-1] }

// allowed are the CPUs that this process began with.
var allowed = func() func() []int {
	var set unix.CPUSet
	err := unix.SchedGetaffinity(0, &set)
	var cpus []int
	for i := range len(set) * 64 {
		if err == nil && set.IsSet(i) {
			cpus = append(cpus, i)
		}
	}
	if cpus == nil {
		cpus = []int{0}
	}
	return func() []int { return cpus }
}()

// startOn starts a process on one CPU, which its children keep to.
func startOn(cmd *exec.Cmd, cpu int) error {
	runtime.LockOSThread() // a process inherits from the thread that starts it
	defer runtime.UnlockOSThread()
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	one.Set(cpu)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return err
	}
	defer unix.SchedSetaffinity(0, &before)
	return cmd.Start()
}

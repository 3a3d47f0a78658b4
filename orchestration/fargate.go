package orchestration

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

// fargateMemory are the memory sizes in MiB that Fargate takes, by CPU units. (API reference of RegisterTaskDefinition, cpu.)
var fargateMemory = map[int64][]int64{
	256:   {512, 1024, 2048},
	512:   sizes(1024, 4096, 1024),
	1024:  sizes(2048, 8192, 1024),
	2048:  sizes(4096, 16384, 1024),
	4096:  sizes(8192, 30720, 1024),
	8192:  sizes(16384, 61440, 4096),
	16384: sizes(32768, 122880, 8192),
}

func sizes(from, to, step int64) []int64 {
	var all []int64
	for size := from; size <= to; size += step {
		all = append(all, size)
	}
	return all
}

var (
	cpuPattern    = regexp.MustCompile(`(?i)^([0-9]*\.?[0-9]+)\s*(vcpu)?$`)
	memoryPattern = regexp.MustCompile(`(?i)^([0-9]*\.?[0-9]+)\s*(gb)?$`)
)

// cpuUnits reads "256", ".25 vCPU" or "1 vcpu" as CPU units, memoryMiB "512" or "2 GB" as MiB; false for anything else.
func cpuUnits(size string) (int64, bool)  { return measure(cpuPattern, size) }
func memoryMiB(size string) (int64, bool) { return measure(memoryPattern, size) }

func measure(pattern *regexp.Regexp, size string) (int64, bool) {
	match := pattern.FindStringSubmatch(strings.TrimSpace(size))
	if match == nil {
		return 0, false
	}
	number, err := strconv.ParseFloat(match[1], 64)
	if err != nil {
		return 0, false
	}
	if match[2] != "" {
		number *= 1024
	}
	if number != math.Trunc(number) || number > math.MaxInt32 {
		return 0, false
	}
	return int64(number), true
}

// unsupported refuses a member that Fargate does not take.
func (v *violations) unsupported(pointer string, given bool) {
	v.check(!given, pointer, "is not supported on Fargate")
}

// fargateSize checks CPU and memory of a task.
func (v *violations) fargateSize(pointer, cpu, memory string) {
	units, ok := cpuUnits(cpu)
	allowed := fargateMemory[units]
	if !ok || allowed == nil {
		v.add(pointer+"/Cpu", "Fargate takes 256, 512, 1024, 2048, 4096, 8192 or 16384 CPU units")
		return
	}
	mib, ok := memoryMiB(memory)
	for _, size := range allowed {
		if ok && size == mib {
			return
		}
	}
	v.add(pointer+"/Memory", "with %d CPU units Fargate takes %s MiB", units, listed(allowed))
}

func listed(sizes []int64) string {
	var words []string
	for _, size := range sizes {
		words = append(words, strconv.FormatInt(size, 10))
	}
	return strings.Join(words, ", ")
}

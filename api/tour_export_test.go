package api

// Told are the lines of the real table, in its order, for the tests that come through the front door. What is served as a part of a page
// is left out: it is not told of.
func Told() (lines []Line) {
	for _, line := range table(Options{}.withDefaults()) {
		if !line.Part {
			lines = append(lines, line.Line)
		}
	}
	return lines
}

// Brief is what the README's table says of the line beside its summary.
func (l Line) Brief() string { return remarks[l.Action].brief }

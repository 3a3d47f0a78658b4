package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module   = "ecs-api"
	sdk      = "github.com/aws/aws-sdk-go/"
	services = sdk + "service/"
	protocol = sdk + "private/protocol"
)

// awstest is where the wrappers' tests get an AWS of a few lines from. Only tests import it.
const awstest = "common/awsclient/awstest"

// wrappers are the rooms that hold the client of one AWS service each.
var wrappers = []string{"ecs", "iam", "secretsmanager", "ssm", "servicediscovery", "cloudwatchlogs", "elbv2", "resourcegroupstaggingapi"}

// mayImport is the rule main → api → orchestration → {plan, journal, wrappers} → common: of each room, the rooms that it may import. Main
// may import all.
var mayImport = func() map[string][]string {
	rule := map[string][]string{
		"api":                {"orchestration", "registry", "common"},
		"orchestration":      append([]string{"orchestration/plan", "journal", "registry", "common", "common/awsclient"}, wrappers...),
		"orchestration/plan": {},
		"journal":            {"orchestration/plan", "common"},
		"registry":           {"common"},
		"config":             {"common"},
		"sandbox":            {},
		"bench":              {},
		"e2e":                {"sandbox"}, // the program is a process there
		"common":             {},
		"common/awsclient":   {"common"},
		awstest:              {"common", "common/awsclient"},
	}
	for _, wrapper := range wrappers {
		rule[wrapper] = []string{"common", "common/awsclient"}
	}
	return rule
}()

// testsMayImport is what tests may import beside that.
var testsMayImport = func() map[string][]string {
	rule := map[string][]string{
		"api":              append([]string{"sandbox", "common/awsclient", "journal"}, wrappers...), // to look behind the API's back
		"orchestration":    {"sandbox"},
		"common/awsclient": {awstest},
	}
	for _, wrapper := range wrappers {
		rule[wrapper] = []string{awstest}
	}
	return rule
}()

// source is one file of the repository.
type source struct {
	name   string
	room   string // its package's directory, "" for main
	test   bool
	syntax *ast.File
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata") {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		room := filepath.ToSlash(filepath.Dir(name))
		if room == "." {
			room = ""
		}
		all = append(all, source{name, room, strings.HasSuffix(name, "_test.go"), syntax})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (s source) imports() []string {
	var paths []string
	for _, spec := range s.syntax.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value) // the parser has read it
		paths = append(paths, imported)
	}
	return paths
}

func TestRoomsImportDownwards(t *testing.T) {
	for _, s := range sources(t) {
		allowed, known := mayImport[s.room]
		if !known && s.room != "" {
			t.Errorf("%s: the room %s is not in the table", s.name, s.room)
			continue
		}
		for _, imported := range s.imports() {
			room, ours := strings.CutPrefix(imported, module+"/")
			if !ours || s.room == "" || slices.Contains(allowed, room) {
				continue
			}
			if s.test && (room == s.room || slices.Contains(testsMayImport[s.room], room)) {
				continue
			}
			t.Errorf("%s: %s may not import %s", s.name, s.room, room)
		}
	}
}

func TestOnlyTheSandboxImportsTheSDKsPrivateParts(t *testing.T) {
	for _, s := range sources(t) {
		for _, imported := range s.imports() {
			if strings.HasPrefix(imported, sdk+"private/") && (s.room != "sandbox" || !strings.HasPrefix(imported, protocol)) {
				t.Errorf("%s imports %s", s.name, imported)
			}
		}
	}
}

func TestTheEngineKnowsOnlyTheStandardLibrary(t *testing.T) {
	for _, s := range sources(t) {
		for _, imported := range s.imports() {
			first, _, _ := strings.Cut(imported, "/")
			if s.room == "orchestration/plan" && !s.test && (strings.Contains(first, ".") || first == module) {
				t.Errorf("%s imports %s", s.name, imported)
			}
		}
	}
}

// TestClientsAreMadeInWrappers holds that elsewhere a service's package of the SDK gives types only.
func TestClientsAreMadeInWrappers(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || s.room == "common/awsclient" || slices.Contains(wrappers, s.room) {
			continue
		}
		names := map[string]bool{}
		for i, imported := range s.imports() {
			if !strings.HasPrefix(imported, services) {
				continue
			}
			names[path.Base(imported)] = true
			if alias := s.syntax.Imports[i].Name; alias != nil {
				names[alias.Name] = true
			}
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok || selector.Sel.Name != "New" {
				return true
			}
			if of, ok := selector.X.(*ast.Ident); ok && names[of.Name] && !s.importsRoom(of.Name) {
				t.Errorf("%s makes a client: %s.New", s.name, of.Name)
			}
			return true
		})
	}
}

// importsRoom says whether name is one of our own packages here, such as ecs beside awsecs.
func (s source) importsRoom(name string) bool {
	for i, imported := range s.imports() {
		if strings.HasPrefix(imported, module+"/") && s.syntax.Imports[i].Name == nil && path.Base(imported) == name {
			return true
		}
	}
	return false
}

package scenarios

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	generator "github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"frontload/pacing"
)

var update = flag.Bool("update", false, "write golden and generated files anew")

// The patterns of values that are written as text with a unit.
const (
	ratePattern     = `^[0-9.eE+]+/(s|m|h)$`
	durationPattern = `^0$|^([0-9.]+(ns|us|µs|ms|s|m|h))+$`
	percentPattern  = `^[0-9.]+%$`
	sizePattern     = `^[0-9.eE+]+ ?([kKMGT]i?)?B$`
	statusPattern   = `^[1-5](xx|[0-9][0-9])$`
)

func generate(t *testing.T) []byte {
	t.Helper()
	comments := fieldComments(t)
	r := generator.Reflector{
		Anonymous: true, ExpandedStruct: true, DoNotReference: true,
		FieldNameTag: "yaml", RequiredFromJSONSchemaTags: true,
		Mapper:        mapped,
		LookupComment: func(section reflect.Type, field string) string { return comments[section.Name()+"."+field] },
	}
	s := r.ReflectFromType(reflect.TypeFor[document]())
	s.Title = "Frontload scenario"
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(data, '\n')
}

// mapped gives the schema of types whose text is not their structure.
func mapped(t reflect.Type) *generator.Schema {
	switch t {
	case reflect.TypeFor[pacing.Rate]():
		return &generator.Schema{Type: "string", Pattern: ratePattern}
	case reflect.TypeFor[time.Duration]():
		return &generator.Schema{Type: "string", Pattern: durationPattern}
	case reflect.TypeFor[percent]():
		return &generator.Schema{OneOf: []*generator.Schema{{Type: "string", Pattern: percentPattern}, {Const: 0}}}
	case reflect.TypeFor[size]():
		return &generator.Schema{Type: "string", Pattern: sizePattern}
	case reflect.TypeFor[statuses]():
		list := &generator.Schema{Type: "array", Items: anyStatus(), MinItems: new(uint64(1))}
		return &generator.Schema{OneOf: append(anyStatus().OneOf, list)}
	case reflect.TypeFor[pairs]():
		return &generator.Schema{Type: "object", AdditionalProperties: anyText()}
	case reflect.TypeFor[cachePolicy]():
		hits := (&generator.Reflector{Anonymous: true, ExpandedStruct: true, DoNotReference: true, FieldNameTag: "yaml", RequiredFromJSONSchemaTags: true, Mapper: mapped}).ReflectFromType(reflect.TypeFor[hitsSection]())
		hits.Version = ""
		return &generator.Schema{OneOf: []*generator.Schema{{Const: "bypass"}, hits}}
	case reflect.TypeFor[paths]():
		return &generator.Schema{OneOf: []*generator.Schema{{Type: "string"}, {Type: "array", Items: &generator.Schema{Type: "string"}, MinItems: new(uint64(1))}}}
	case reflect.TypeFor[values]():
		return &generator.Schema{Type: "array", Items: anyText(), MinItems: new(uint64(1))}
	case reflect.TypeFor[later]():
		return &generator.Schema{}
	}
	return nil
}

// anyStatus is an HTTP status or a kind of them, such as 2xx.
func anyStatus() *generator.Schema {
	return &generator.Schema{OneOf: []*generator.Schema{
		{Type: "integer", Minimum: "100", Maximum: "599"}, {Type: "string", Pattern: statusPattern},
	}}
}

// anyText is text that YAML may take for something else, such as 12.
func anyText() *generator.Schema {
	return &generator.Schema{OneOf: []*generator.Schema{{Type: "string"}, {Type: "number"}, {Type: "boolean"}}}
}

// fieldComments reads the comments of the model's fields, which become the
// schema's descriptions.
func fieldComments(t *testing.T) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "model.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	comments := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		section, ok := spec.Type.(*ast.StructType)
		if !ok {
			return false
		}
		for _, f := range section.Fields.List {
			for _, name := range f.Names {
				comments[spec.Name.Name+"."+name.Name] = strings.TrimSpace(f.Doc.Text())
			}
		}
		return false
	})
	return comments
}

// TestSchemaIsGenerated holds the embedded schema to the model.
func TestSchemaIsGenerated(t *testing.T) {
	want := generate(t)
	if *update {
		if err := os.WriteFile("schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("schema.json does not follow from the model: run go test ./scenarios -run TestSchemaIsGenerated -update")
	}
}

func compileSchema(t *testing.T) *validator.Schema {
	t.Helper()
	data, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := validator.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := validator.NewCompiler()
	if err := c.AddResource("scenario.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("scenario.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// validate checks a YAML text against the schema.
func validate(t *testing.T, s *validator.Schema, text []byte) error {
	t.Helper()
	var tree any
	if err := yaml.Load(text, &tree); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	asJSON, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	instance, err := validator.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(instance)
}

func TestSchemaAcceptsExamplesAndWhatIsWritten(t *testing.T) {
	schema := compileSchema(t)
	for _, name := range examples {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, schema, data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		written, err := load(t, name).YAML()
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, schema, written); err != nil {
			t.Errorf("%s as written: %v\n%s", name, err, written)
		}
	}
}

// TestSchemaAcceptsTheContract: keys that this version refuses are in it.
func TestSchemaAcceptsTheContract(t *testing.T) {
	data, err := os.ReadFile("testdata/whole-contract.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := validate(t, compileSchema(t), data); err != nil {
		t.Error(err)
	}
}

func TestSchemaRefuses(t *testing.T) {
	schema := compileSchema(t)
	good := "version: 1\ntarget: {url: 'http://127.0.0.1'}\nrequests: [{path: /}]\nload: {rate: 5/s, for: 1s}\n"
	if err := validate(t, schema, []byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"a typo at the top":      strings.Replace(good, "requests", "requets", 1),
		"a typo within":          strings.Replace(good, "path", "paht", 1),
		"a rate without a unit":  strings.Replace(good, "5/s", "5", 1),
		"a for without a unit":   strings.Replace(good, "1s", "1", 1),
		"another version":        strings.Replace(good, "version: 1", "version: 2", 1),
		"no requests":            strings.Replace(good, "{path: /}", "", 1),
		"a negative weight":      strings.Replace(good, "path: /", "path: /, weight: -1", 1),
		"a variable of no kind":  strings.Replace(good, "path: /", "path: /, vars: {a: {zpf: {count: 1}}}", 1),
		"a method in small type": strings.Replace(good, "path: /", "path: /, method: get", 1),
	} {
		if validate(t, schema, []byte(bad)) == nil {
			t.Errorf("%s: the schema accepts\n%s", name, bad)
		}
	}
}

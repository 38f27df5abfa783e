package openapi

import (
	"reflect"
	"strings"
	"time"
)

// object is a JSON object of the description.
type object = map[string]any

// describe writes the OpenAPI 3.1 description of the table. Schemas are read from the types of the answers.
func describe(version string, operations []operation) object {
	schemas, paths := object{}, object{}
	for _, o := range operations {
		var params []object
		for _, p := range o.params {
			params = append(params, p.describe())
		}
		get := object{
			"operationId": o.id, "tags": []string{o.tag}, "summary": o.summary,
			"responses": object{
				"200": object{
					"description": "The answer.", "headers": object{"ETag": object{"schema": object{"type": "string"}}},
					"content": object{"application/json": object{"schema": schema(reflect.TypeOf(o.answer), schemas)}},
				},
				"304":     object{"description": "What If-None-Match names is still right."},
				"default": object{"$ref": "#/components/responses/Problem"},
			},
		}
		if o.about != "" {
			get["description"] = o.about
		}
		if params != nil {
			get["parameters"] = params
		}
		paths[o.path] = object{"get": get}
	}
	problem := schema(reflect.TypeFor[Problem](), schemas)
	return object{
		"openapi": "3.1.0",
		"info": object{
			"title": "Bản Làng (Banlang)", "version": version,
			"description": "What is public, for programs. No key is needed. Dates are days in Vietnam, times are UTC. What is not known is absent, never 0.",
		},
		"servers": []object{{"url": "/"}},
		"paths":   paths,
		"components": object{
			"schemas": schemas,
			"responses": object{"Problem": object{
				"description": "What is wrong, in Vietnamese and English (RFC 9457).",
				"content":     object{"application/problem+json": object{"schema": problem}},
			}},
		},
	}
}

func (p param) describe() object {
	s := object{"type": "string"}
	switch {
	case p.most > 0:
		s = object{"type": "integer", "minimum": p.least, "maximum": p.most}
	case p.enum != nil:
		s["enum"] = p.enum
	}
	where := "query"
	if p.path {
		where = "path"
	}
	if p.example != "" {
		s["examples"] = []string{p.example}
	}
	return object{"name": p.name, "in": where, "required": p.path, "description": p.about, "schema": s}
}

func ref(name string) object { return object{"$ref": "#/components/schemas/" + name} }

// schema describes a type; a struct with a name is put among the schemas and referred to.
func schema(t reflect.Type, schemas object) object {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t.Kind() == reflect.Pointer:
		return schema(t.Elem(), schemas)
	case t.Kind() == reflect.Struct && strings.Contains(t.Name(), "["): // a page of a list
		return structSchema(t, schemas)
	case t.Kind() == reflect.Struct:
		if schemas[t.Name()] == nil {
			schemas[t.Name()] = true // also ends the walk of a type that holds itself
			schemas[t.Name()] = structSchema(t, schemas)
		}
		return ref(t.Name())
	case t.Kind() == reflect.Slice:
		return object{"type": "array", "items": schema(t.Elem(), schemas)}
	case t.Kind() == reflect.Map:
		return object{"type": "object", "additionalProperties": schema(t.Elem(), schemas)}
	case t.Kind() == reflect.Bool:
		return object{"type": "boolean"}
	case t.Kind() == reflect.Float64:
		return object{"type": "number"}
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64:
		return object{"type": "integer"}
	}
	return object{"type": "string"}
}

// structSchema lists the fields as JSON names them. What may be absent is not required; embedded structs are part of theirs.
func structSchema(t reflect.Type, schemas object) object {
	properties, required := object{}, []string{}
	var walk func(reflect.Type)
	walk = func(t reflect.Type) {
		for f := range t.Fields() {
			if f.Anonymous {
				walk(f.Type)
				continue
			}
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			properties[name] = schema(f.Type, schemas)
			if !strings.HasPrefix(options, "omit") {
				required = append(required, name)
			}
		}
	}
	walk(t)
	return object{"type": "object", "properties": properties, "required": required}
}

package schema

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// Resolve returns w as it is in environment env: its base with the overlay
// filled in, and without In. An overlay may fill in what the base leaves open;
// conflicts holds the definition path, relative to the workload, of each field
// where it says something else than the base ("in.production.kubernetes.replicas"),
// sorted; the base's value stands there. Lists count as one value, maps are joined.
func (w Workload) Resolve(env EnvName) (resolved Workload, conflicts []string) {
	over, ok := w.In[env]
	resolved = w
	resolved.In = nil
	if !ok {
		return resolved, nil
	}
	m := merger{}
	prefix := "in." + string(env)
	resolved.Process = m.pointer(prefix+".process", w.Process, over.Process).(*ProcessWorkload)
	resolved.Kubernetes = m.pointer(prefix+".kubernetes", w.Kubernetes, over.Kubernetes).(*KubernetesWorkload)
	resolved.Lambda = m.pointer(prefix+".lambda", w.Lambda, over.Lambda).(*LambdaWorkload)
	resolved.Terraform = m.pointer(prefix+".terraform", w.Terraform, over.Terraform).(*TerraformWorkload)
	slices.Sort(m.conflicts)
	return resolved, m.conflicts
}

// Missing lists the fields, as "process.listen", that a resolved workload needs
// and does not have.
func (w Workload) Missing() []string {
	var missing []string
	rv := reflect.ValueOf(w)
	eachTagged(rv.Type(), "variant", func(i int, kind string) {
		if rv.Field(i).IsNil() {
			return
		}
		target := rv.Field(i).Elem()
		eachTagged(target.Type(), "needed", func(j int, field string) {
			if target.Field(j).IsZero() {
				missing = append(missing, kind+"."+field)
			}
		})
	})
	return missing
}

// merger fills values in and notes where two differ.
type merger struct{ conflicts []string }

// pointer merges two pointers of one type; the result shares nothing that is changed.
func (m *merger) pointer(path string, base, over any) any {
	return m.value(path, reflect.ValueOf(base), reflect.ValueOf(over)).Interface()
}

func (m *merger) value(path string, base, over reflect.Value) reflect.Value {
	if over.IsZero() {
		return base
	}
	if base.IsZero() {
		return over
	}
	switch base.Kind() {
	case reflect.Pointer:
		merged := reflect.New(base.Type().Elem())
		merged.Elem().Set(m.value(path, base.Elem(), over.Elem()))
		return merged
	case reflect.Struct:
		merged := reflect.New(base.Type()).Elem()
		for i := range base.NumField() {
			name := jsonName(base.Type().Field(i))
			merged.Field(i).Set(m.value(path+"."+name, base.Field(i), over.Field(i)))
		}
		return merged
	case reflect.Map:
		return m.joined(path, base, over)
	}
	if !reflect.DeepEqual(base.Interface(), over.Interface()) {
		m.conflicts = append(m.conflicts, path)
	}
	return base
}

// joined merges two maps with string keys.
func (m *merger) joined(path string, base, over reflect.Value) reflect.Value {
	merged := reflect.MakeMap(base.Type())
	for _, key := range base.MapKeys() {
		merged.SetMapIndex(key, base.MapIndex(key))
	}
	for _, key := range over.MapKeys() {
		value := over.MapIndex(key)
		if known := base.MapIndex(key); known.IsValid() {
			value = m.value(fmt.Sprintf("%s.%s", path, key), known, value)
		}
		merged.SetMapIndex(key, value)
	}
	return merged
}

// Environments returns the names of the environments that w has an overlay for, sorted.
func (w Workload) Environments() []EnvName { return slices.Sorted(maps.Keys(w.In)) }

package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"banlang/internal/fault"
)

func TestKindOf(t *testing.T) {
	denied := fault.New(fault.Forbidden, "duty.forbidden")
	cases := []struct {
		name string
		err  error
		want fault.Kind
	}{
		{"nothing", nil, fault.None},
		{"a plain error is internal", errors.New("disk"), fault.Internal},
		{"a fault", denied, fault.Forbidden},
		{"a wrapped fault", fmt.Errorf("publish 7: %w", denied), fault.Forbidden},
		{"the first of several", errors.Join(fault.Field("title", "t.required"), denied), fault.Invalid},
	}
	for _, c := range cases {
		if got := fault.KindOf(c.err); got != c.want {
			t.Errorf("%s: KindOf(%v) = %d, want %d", c.name, c.err, got, c.want)
		}
	}
}

func TestAllFlattens(t *testing.T) {
	err := fmt.Errorf("form: %w", errors.Join(
		fault.Field("title", "title.required"),
		fmt.Errorf("second: %w", errors.Join(fault.Field("body", "body.long", "Max", 900), errors.New("not a fault")))))
	all := fault.All(err)
	if len(all) != 2 || all[0].Field != "title" || all[1].Field != "body" {
		t.Fatalf("All(%v) = %v, want title and body", err, all)
	}
	if got, want := all[1].Error(), "body: body.long Max=900"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
}

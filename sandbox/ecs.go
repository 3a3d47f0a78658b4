package sandbox

type ecsState struct{}

func (s *Sandbox) registerECS() {}

func (st *ecsState) inventory(Inventory) {}

func (st *ecsState) tagged(func(arn, resourceType string, tags map[string]string)) {}

package sandbox

// placeholder

func (s *Sandbox) registerTagging() {}

package lower

// approveStage waits for people.
func approveStage(b *builder) error {
	if err := b.enter(false); err != nil {
		return err
	}
	b.next("approve", b.path, approval(*b.s.src.Approve))
	return nil
}

"""The rules: pure functions from what was measured to a finding, with `now` as an argument."""

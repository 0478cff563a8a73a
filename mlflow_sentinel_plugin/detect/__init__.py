"""From counts to findings: metrics, rules, severity."""

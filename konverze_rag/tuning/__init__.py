"""Settings chosen by measuring them on a tenant's own documents (docs/adr/0030-tuning.md)."""

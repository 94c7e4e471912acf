"""What keeps tenants over the years: rotation, erasure, vacuum, verification, backup; also in the background."""

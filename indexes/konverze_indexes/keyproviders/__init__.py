"""Key providers that ask a service: each module needs its own extra and is imported only where it is used."""

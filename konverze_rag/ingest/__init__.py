"""From uploads to indexed documents: read ahead in threads, embedded in slices, committed in whole documents."""

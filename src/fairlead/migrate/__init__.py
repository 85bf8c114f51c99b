"""From the configuration of another gateway to one of ours. Pure: what is read comes in as a document."""

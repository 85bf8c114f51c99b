"""What may be spent: rules, the windows they hold for, and money set aside before each attempt."""

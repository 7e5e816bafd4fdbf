"""Price: what a pattern costs by closed form and by measurement, an hour at a time."""

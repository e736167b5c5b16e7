"""One physical effect a file: its parameters, then its scalar laws."""

"""Lists of addresses in files: tables, text, JSON lines or Parquet, read as a stream: `open_list("list.csv")`."""

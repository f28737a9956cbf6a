"""Image search in a real browser: `search(Asked("vancouver houses", …), progress)` yields items as more are wanted."""

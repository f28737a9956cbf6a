"""One address, safely and politely: `async with Fetcher(settings) as fetcher: await fetcher.get(url)`."""

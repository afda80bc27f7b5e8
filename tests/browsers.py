"""What a headless Chromium is called, by where it comes from."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

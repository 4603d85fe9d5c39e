"""Android apps: a Gradle library with the reader in Java, filled with Paddle-Lite and a pack."""

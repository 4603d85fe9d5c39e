"""Modules for Android apps: a Gradle library with the reader in Java, Paddle-Lite and a pack."""

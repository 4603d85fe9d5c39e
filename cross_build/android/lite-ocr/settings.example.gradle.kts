// What an app's settings.gradle.kts needs for this module; copy the last two lines to yours.
pluginManagement {
    repositories {
        google()
        mavenCentral()
        gradlePluginPortal()
    }
    plugins {
        id("com.android.application") version "8.7.3"
        id("com.android.library") version "8.7.3"
    }
}

dependencyResolutionManagement {
    repositories {
        google()
        mavenCentral()
    }
}

rootProject.name = "app"
include(":app")

include(":@NAME@")
project(":@NAME@").projectDir = file("@NAME@")

// For work on the library itself: Android Studio opens this folder. Models and native libraries are
// not here; 'lite-ocr build --app' puts them into a copy, which is what apps take.
pluginManagement {
    repositories {
        google()
        mavenCentral()
        gradlePluginPortal()
    }
    plugins {
        id("com.android.library") version "8.7.3"
    }
}

dependencyResolutionManagement {
    repositories {
        google()
        mavenCentral()
    }
}

rootProject.name = "lite-ocr-android"
include(":lite-ocr")

// Made by 'lite-ocr build --app': edit there, or it is lost with the next one.
plugins {
    id("com.android.library")
}

android {
    namespace = "lite.ocr"
    compileSdk = 35

    defaultConfig {
        minSdk = @API@
        consumerProguardFiles("consumer-rules.pro")
        ndk {
            abiFilters += listOf(@ABIS@)
        }
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_1_8
        targetCompatibility = JavaVersion.VERSION_1_8
    }
}

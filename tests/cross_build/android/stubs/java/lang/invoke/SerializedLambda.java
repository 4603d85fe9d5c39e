package java.lang.invoke; public class SerializedLambda {}

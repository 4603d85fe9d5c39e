package java.lang.invoke;
public class LambdaMetafactory {
  public static CallSite metafactory(MethodHandles.Lookup a, String b, MethodType c, MethodType d, MethodHandle e, MethodType f) { return null; }
  public static CallSite altMetafactory(MethodHandles.Lookup a, String b, MethodType c, Object... d) { return null; }
}

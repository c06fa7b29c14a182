package clusterup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import javax.servlet.Filter;
import javax.servlet.FilterChain;
import javax.servlet.FilterConfig;
import javax.servlet.ServletException;
import javax.servlet.ServletRequest;
import javax.servlet.ServletResponse;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;

/**
 * Keeps the pages of Spark's driver, master and workers for the owner of the cluster: they ask for
 * the name "clusterup" and the password in the environment of these processes, which other users
 * of the machine cannot read. Spark adds it to every page that it serves (spark.ui.filters).
 */
public final class OwnerFilter implements Filter {
    private byte[] expected;

    /** Without a password the page does not start. */
    public void init(FilterConfig config) throws ServletException {
        String password = System.getenv("CLUSTERUP_UI_PASSWORD");
        if (password == null || password.length() < 32) {
            throw new ServletException("CLUSTERUP_UI_PASSWORD is not set");
        }
        byte[] pair = bytes("clusterup:" + password);
        expected = bytes("Basic " + Base64.getEncoder().encodeToString(pair));
    }

    public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        HttpServletRequest asked = (HttpServletRequest) request;
        HttpServletResponse answer = (HttpServletResponse) response;
        String given = asked.getHeader("Authorization");
        if (given == null || !MessageDigest.isEqual(expected, bytes(given))) {
            answer.setHeader("WWW-Authenticate", "Basic realm=\"clusterup\", charset=\"UTF-8\"");
            refuse(answer, 401, "This page is for the owner of the cluster."
                + " Name and password are shown by: clusterup status --local");
        } else if (isOfAnotherPage(asked)) {
            refuse(answer, 403, "Refused: another page asked for this.");
        } else {
            chain.doFilter(request, response);
        }
    }

    public void destroy() {
    }

    /**
     * Whether a browser, which adds the password by itself, was sent here by a page of another
     * origin. Links may lead here, but not to what kills a job: Spark takes a GET for that.
     */
    private static boolean isOfAnotherPage(HttpServletRequest asked) {
        String site = asked.getHeader("Sec-Fetch-Site");
        if (site == null || site.equals("same-origin") || site.equals("none")) {
            return false;
        }
        boolean link = "GET".equals(asked.getMethod())
            && "navigate".equals(asked.getHeader("Sec-Fetch-Mode"));
        String path = asked.getRequestURI();
        return !link || path.indexOf("kill") >= 0 || path.indexOf('%') >= 0;
    }

    private static void refuse(HttpServletResponse answer, int status, String why)
            throws IOException {
        answer.setStatus(status);
        answer.setContentType("text/plain;charset=utf-8");
        answer.setHeader("Cache-Control", "no-store");
        answer.getWriter().println(why);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
